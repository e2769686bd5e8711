import { IsIn, IsNotEmpty, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PRIORITIES, type Priority } from './ticket.js';

export class OpenTicketDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(80)
  title!: string;

  @IsOptional()
  @IsString()
  @MaxLength(500)
  note?: string;

  @IsOptional()
  @IsIn(PRIORITIES)
  priority?: Priority;
}

export class TicketIdDto {
  @Matches(/^T-\d{1,9}$/)
  id!: string;
}
